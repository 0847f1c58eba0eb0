"""What is expected of data, as data: one small frozen class a rule (D3)."""

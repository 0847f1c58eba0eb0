"""What the engines over other validation libraries share: what they are asked, and how they answer.

A library is asked about plain columns: whole numbers, floats, texts and truth values without nulls. What a
null, a bound, a unit of time or a category means is settled before it is asked, so that its answer is ours.
"""

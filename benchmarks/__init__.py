"""Speed and memory, measured as ratios in one run: ``make bench``; ``docs/speed.md`` says how to read it."""

"""What a run on logs shows: tables for a terminal, and one page."""

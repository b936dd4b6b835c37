"""What an audit of logs shows: tables for a terminal, and one page."""

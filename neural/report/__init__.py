"""What is made of results: tables, figures and pages. No model is imported here."""

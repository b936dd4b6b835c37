"""What a person sees; made from ``results.json`` alone."""

"""What a person sees: the page, the still picture, the table, the figure."""

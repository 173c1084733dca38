"""What is not normal, learnt from normal films alone: training, and a folder of films to a table of scores."""

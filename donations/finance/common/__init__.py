"""What finance's pages share: who may open them, how long lists are turned and added up."""

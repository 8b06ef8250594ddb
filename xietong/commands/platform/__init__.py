"""Platform 平台: the commands that run the platform on a data folder and let people and programs in."""

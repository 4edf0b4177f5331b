"""The bot around the engine: start reading at `bot.turn`; `bot.app` puts the parts together."""

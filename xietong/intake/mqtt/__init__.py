"""MQTT: messages of brokers, each acknowledged after its entry is safe; `python -m xietong.intake.mqtt`."""

"""OPC UA: servers whose values are monitored; `python -m xietong.intake.opcua`."""

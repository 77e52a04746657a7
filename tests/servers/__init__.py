"""Real servers for tests: Apache Kafka and Elasticsearch, without a container engine.

`make servers` fetches both once into a machine cache outside the repository and starts them on free loopback ports;
`make servers-stop` ends them. Tests ask for the fixtures of tests/conftest.py.
"""

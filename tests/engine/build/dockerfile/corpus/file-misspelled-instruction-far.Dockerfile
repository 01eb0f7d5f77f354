FROM debian:12
ENTRYPIONT ["x"]

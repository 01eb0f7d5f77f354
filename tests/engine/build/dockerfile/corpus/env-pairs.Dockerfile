FROM debian:12
ENV A=1 B="two words" C=three\ words D='$A' E=

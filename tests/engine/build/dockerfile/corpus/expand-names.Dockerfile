FROM debian:12
ENV A1=x
ENV B=$A1y C=${A1}y D=$A1-y E=$1A1 F=$ G=$$ H=$. I=a$

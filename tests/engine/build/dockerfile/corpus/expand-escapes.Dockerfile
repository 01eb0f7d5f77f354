FROM debian:12
ENV A=\$X B="\$X" C='\$X' D=\\ E="a\"b" F=a\ b G="a\nb"

FROM debian:12
ENV A=x
ENV B="$A ${A}" C='$A ${A}' D="${N:-"q"}" E=${N:-'$A'} F="'$A'" G='"'$A'"'

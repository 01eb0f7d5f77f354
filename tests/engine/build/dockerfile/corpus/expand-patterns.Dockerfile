FROM debian:12
ENV P=foobarbaz.tar.gz S=a*b/c
ENV A=${P#f*b} B=${P##f*b} C=${P%.*} D=${P%%.*} E=${P#nope} F=${P#*} G=${P##*} H=${P%%.???.*}
ENV I=${P/b?r/X} J=${P//ba/_} K=${P/z/} L=${P//[/x} M=${S/\*/+} N=${S/\//\/\/} O=${S%/*}

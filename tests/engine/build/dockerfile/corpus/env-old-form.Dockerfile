FROM debian:12
ENV A one two   three
ENV B "quoted" 'too'
ENV C a=b

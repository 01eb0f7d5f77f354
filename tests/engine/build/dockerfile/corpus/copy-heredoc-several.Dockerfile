FROM debian:12
COPY <<a.txt <<-b.txt c /dir/
one
a.txt
	two
	b.txt

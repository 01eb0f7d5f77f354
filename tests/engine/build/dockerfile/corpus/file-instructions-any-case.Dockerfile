from debian:12
Run true
cOpY a b

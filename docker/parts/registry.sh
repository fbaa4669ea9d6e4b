# The registry, with the one account that deployment, nodes and worker use; its password is a secret.
# That is 36 random bytes, which nobody finds by trying: so its hash is the cheapest there is. A dear one would cost each
# request 60 ms of a processor, and submissions and pulls make many.
set -eu
umask 077
perl -e '
    my ($password) = <STDIN>;
    my @letters = (".", "/", 0 .. 9, "A" .. "Z", "a" .. "z");
    open my $random, "<", "/dev/urandom"; read $random, my $bytes, 22;
    my $salt = join "", map { $letters[$_ % 64] } unpack "C*", $bytes;
    print "era:", crypt($password, "\$2b\$04\$$salt"), "\n";
' < /run/secrets/registry_password > /tmp/htpasswd
export REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=era REGISTRY_AUTH_HTPASSWD_PATH=/tmp/htpasswd
export REGISTRY_HTTP_TLS_CERTIFICATE=/run/secrets/tls REGISTRY_HTTP_TLS_KEY=/run/secrets/tls
exec docker-registry serve /etc/era/registry.yml

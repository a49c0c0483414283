#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who gets in: TLS versions, certificates, ALPN, users, secure and naked UDP, ordinary SOCKS clients inside TLS.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 36

certificates
need_ports tcp udp socks forward plain echo web
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"
mkdir "$work/www"
echo hello >"$work/www/file"
start web python3 -m http.server --bind 127.0.0.1 --directory "$work/www" "$web"
printf 'alice:%s\n' "$(openssl passwd -6 'open sesame')" >"$work/users"
echo 'open sesame' >"$work/right"
echo 'open barley' >"$work/wrong"

talk() {
    "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --count 100 --timeout 1000 --seed "$SEED" "$@"
}
plain_client() {
    client --listen "127.0.0.1:$socks" "$@"
}
fetch() {
    curl -sS --max-time 10 --socks5-hostname "127.0.0.1:$socks" "http://127.0.0.1:$web/file" | grep -qx hello
}
openssl_conf() { # lines of the system-wide TLS section
    printf '%s\n' 'openssl_conf = all' '[all]' 'ssl_conf = ssl' '[ssl]' 'system_default = tls' '[tls]' "$@" >"$work/openssl.cnf"
}
tls12_client() {
    OPENSSL_CONF=$work/openssl.cnf plain_client "$@"
}

# ---- TLS

check "the proxy starts" proxy
check "the client starts" plain_client
check "a secure association over TLS 1.3" talk
check "it was TLS 1.3" grep -q "kind=secure .*tls=TLSv1.3" "$work/client.log"
stop client
openssl_conf "MaxProtocol = TLSv1.2"
check "the client starts with TLS 1.2 at most" tls12_client
check "a secure association over TLS 1.2" talk
check "it was TLS 1.2" grep -q "kind=secure .*tls=TLSv1.2" "$work/client.log"
stop client
openssl_conf "MaxProtocol = TLSv1.2" "Options = -ExtendedMasterSecret"
tls12_client >/dev/null
refuse "TLS 1.2 without extended master secret is refused" talk
stop client

s_client() {
    timeout 5 openssl s_client -connect "127.0.0.1:$tcp" -CAfile "$work/ca.pem" "$@" </dev/null
}
check "a client without ALPN is welcome" s_client -verify_return_error
refuse "one that offers another protocol is not" s_client -alpn h2
refuse "nor one with TLS 1.1" s_client -tls1_1 -cipher DEFAULT@SECLEVEL=0
start client "$BUILD/bin/sluice" client --proxy "localhost:$tcp" --ca-file "$work/other.pem" --listen "127.0.0.1:$socks"
wait_for client event=ready >/dev/null
refuse "the client refuses a certificate of another CA" talk
check "and says why" grep -q "tls_failed.*certificate verify failed" "$work/client.log"
stop client
plain_client --server-name elsewhere.test >/dev/null
refuse "and one for another name" talk
stop client

# ---- an ordinary SOCKS client inside TLS

request='\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01'$(printf '\\x%02x\\x%02x' $((web / 256)) $((web % 256)))
through_s_client() {
    { printf '%b' "$request" && sleep 0.3 && printf 'GET /file HTTP/1.0\r\n\r\n' && sleep 1; } |
        timeout 10 openssl s_client -quiet -connect "127.0.0.1:$tcp" -CAfile "$work/ca.pem" 2>/dev/null | grep -aqx hello
}
check "openssl s_client fetches a file by CONNECT" through_s_client
start tls socat "TCP-LISTEN:$plain,bind=127.0.0.1,fork,reuseaddr" \
    "OPENSSL:127.0.0.1:$tcp,cafile=$work/ca.pem,commonname=localhost"
by_tls() {
    "$tools/socks-udp" --proxy "127.0.0.1:$plain" --to "127.0.0.1:$echo" --count 100 --timeout 1000 "$@"
}
naked_is_refused() {
    [ "$(by_tls 2>&1)" = "refused: reply 2" ]
}
check "naked UDP is 'not allowed' unless the configuration says so" within 5 naked_is_refused
crash tls
stop proxy

# ---- naked

check "the proxy starts with naked UDP allowed" proxy "naked = true;"
start tls socat "TCP-LISTEN:$plain,bind=127.0.0.1,fork,reuseaddr" \
    "OPENSSL:127.0.0.1:$tcp,cafile=$work/ca.pem,commonname=localhost"
check "an ordinary SOCKS client gets naked UDP" within 5 by_tls
is "which the proxy counts as such" "$(proxy_stat .total.associations)" 0
refuse "fragments are dropped" by_tls --frag 1 --count 3 --timeout 300
is "and counted" "$(proxy_stat .total.refused.frag)" 3
crash tls
stop proxy

no_suite='suites = [ "aes128-sha1-mte" ];'
check "the proxy starts with one suite, and naked UDP allowed" proxy "$no_suite" "naked = true;"
plain_client --suites aes256-sha256-128-etm >/dev/null
refuse "no common suite: the client fails" talk
is "and does not fall back by itself" "$(proxy_stat .total.naked_associations)" 0
stop client
plain_client --suites aes256-sha256-128-etm --insecure-naked >/dev/null
check "with insecure_naked it falls back" talk
check "which it logs as insecure" grep -q "kind=naked .*insecure=yes" "$work/client.log"
stop client
plain_client --suites aes256-sha256-128-etm,aes128-sha1-mte >/dev/null
check "the suite that both have is taken" talk
check "in the client's log" grep -q suite=aes128-sha1-mte "$work/client.log"
stop_all client proxy

# ---- users

check "the proxy starts with a users file" proxy "users_file = \"$work/users\";"
plain_client --user alice --password-file "$work/right" >/dev/null
check "the right password gets an association" talk
check "and a stream" fetch
stop client
plain_client --user alice --password-file "$work/wrong" >/dev/null
refuse "a wrong password gets none" talk
refuse "and no stream" fetch
is "the proxy counted both" "$(proxy_stat .total.auth_failed)" 2
stop client
plain_client >/dev/null
refuse "no password gets none either" talk
check "all end cleanly" stop_all client proxy

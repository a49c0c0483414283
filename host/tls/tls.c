/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* In the form of the ALPN extension: length, then name. */
static const unsigned char alpn_list[] = "\x08" TLS_ALPN;
#define ALPN_LIST_LEN (sizeof alpn_list - 1)

/* AEAD suites with forward secrecy alone; TLS 1.3 has no others. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

const char *tls_reason(char *out, size_t size)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code) : NULL;
    snprintf(out, size, "%s", reason ? reason : "no reason given");
    ERR_clear_error();
    return out;
}

static int fail(SSL_CTX *ctx, struct tls_error *error, const char *what, const char *path)
{
    char reason[128];
    snprintf(error->text, sizeof error->text, "%s%s%s: %s", what, path ? " " : "", path ? path : "",
             tls_reason(reason, sizeof reason));
    SSL_CTX_free(ctx);
    return -EINVAL;
}

static SSL_CTX *context_new(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (!ctx)
        return NULL;
    SSL_CTX_set_options(ctx,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) || !SSL_CTX_set_cipher_list(ctx, TLS12_CIPHERS)) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len,
                       void *arg)
{
    (void)ssl;
    (void)arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, alpn_list, ALPN_LIST_LEN, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

int tls_server_new(const char *certificate, const char *key, SSL_CTX **out, struct tls_error *error)
{
    error->text[0] = 0;
    ERR_clear_error();
    SSL_CTX *ctx = context_new(TLS_server_method());
    if (!ctx)
        return fail(ctx, error, "TLS context", NULL);
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
        return fail(ctx, error, "certificate", certificate);
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(ctx) != 1)
        return fail(ctx, error, "private key", key);
    if (SSL_CTX_set_num_tickets(ctx, 0) != 1 || SSL_CTX_set_max_early_data(ctx, 0) != 1)
        return fail(ctx, error, "TLS context", NULL);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    *out = ctx;
    return 0;
}

int tls_client_new(const char *ca, SSL_CTX **out, struct tls_error *error)
{
    error->text[0] = 0;
    ERR_clear_error();
    SSL_CTX *ctx = context_new(TLS_client_method());
    if (!ctx)
        return fail(ctx, error, "TLS context", NULL);
    if ((ca ? SSL_CTX_load_verify_file(ctx, ca) : SSL_CTX_set_default_verify_paths(ctx)) != 1)
        return fail(ctx, error, "trusted certificates", ca);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_set_alpn_protos(ctx, alpn_list, ALPN_LIST_LEN)) /* 0 is success */
        return fail(ctx, error, "ALPN", NULL);
    *out = ctx;
    return 0;
}

SSL *tls_server_ssl(SSL_CTX *ctx)
{
    return SSL_new(ctx);
}

static int expect_name(SSL *ssl, const char *name)
{
    unsigned char ip[16];
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (inet_pton(AF_INET, name, ip) == 1 || inet_pton(AF_INET6, name, ip) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(param, name);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, name) && SSL_set_tlsext_host_name(ssl, name);
}

SSL *tls_client_ssl(SSL_CTX *ctx, const char *name)
{
    SSL *ssl = SSL_new(ctx);
    if (ssl && !expect_name(ssl, name)) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}

int tls_check(SSL *ssl)
{
    if (SSL_version(ssl) >= TLS1_3_VERSION)
        return 0;
    return SSL_get_extms_support(ssl) == 1 ? 0 : -EPERM;
}

bool tls_is_sluice(const SSL *ssl)
{
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(ssl, &name, &len);
    return len == ALPN_LIST_LEN - 1 && !memcmp(name, alpn_list + 1, len);
}

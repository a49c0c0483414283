/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/peer.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

int tls_ask_clients(SSL_CTX *ctx, const char *ca, bool required, struct tls_error *error)
{
    static const unsigned char id[] = "sluice";
    char reason[128];
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca);
    if (!names || SSL_CTX_load_verify_file(ctx, ca) != 1 || !SSL_CTX_set_session_id_context(ctx, id, sizeof id - 1)) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        snprintf(error->text, sizeof error->text, "client_ca %s: %s", ca, tls_reason(reason, sizeof reason));
        return -EINVAL;
    }
    SSL_CTX_set_client_CA_list(ctx, names);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
    return 0;
}

/* A zero byte inside would make the rest of the name another's. */
static int copy_name(const ASN1_STRING *text, char out[TLS_PEER_NAME_MAX])
{
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, text);
    bool good = len > 0 && len < TLS_PEER_NAME_MAX;
    for (int i = 0; good && i < len; i++)
        good = utf8[i] > ' ' && utf8[i] != 0x7f && utf8[i] != ':';
    if (good) {
        memcpy(out, utf8, (size_t)len);
        out[len] = 0;
    }
    OPENSSL_free(utf8);
    return good ? 0 : -EINVAL;
}

static int common_name(const X509 *certificate, char out[TLS_PEER_NAME_MAX])
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return -EINVAL;
    return copy_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), out);
}

static int alternative_name(const X509 *certificate, int type, char out[TLS_PEER_NAME_MAX])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int rc = -EINVAL;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int found;
        void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &found);
        if (found == type) {
            rc = copy_name(value, out);
            break;
        }
    }
    GENERAL_NAMES_free(names);
    return rc;
}

int tls_peer_name(const SSL *ssl, enum tls_name kind, char out[TLS_PEER_NAME_MAX])
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (!certificate || SSL_get_verify_result(ssl) != X509_V_OK)
        return -ENOENT;
    /* It was looked at when the session began, which may have been resumed since. */
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0)
        return -EINVAL;
    if (kind == TLS_NAME_CN)
        return common_name(certificate, out);
    return alternative_name(certificate, kind == TLS_NAME_EMAIL ? GEN_EMAIL : GEN_DNS, out);
}

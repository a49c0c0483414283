/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and names that need no card. */
#include "shape.h"

uint32_t sluice_record_size(const struct sluice_sa_config *config, uint32_t content, unsigned pad)
{
    struct shape shape;
    struct seal_size size;

    shape_of(config, &shape);
    return pad <= SLUICE_MAX_PADDING && shape_seal(&shape, content, pad, &size) ? size.record : 0;
}

uint32_t sluice_content_max(const struct sluice_sa_config *config, uint32_t record)
{
    struct shape shape;
    struct open_size size;

    shape_of(config, &shape);
    return shape_open(&shape, record, &size) ? size.write : 0;
}

uint32_t sluice_part_room(const struct sluice_sa_config *config, uint32_t src_len, unsigned part)
{
    return shape_part_room(config->direction, config->mac_len, src_len, part);
}

unsigned sluice_cipher_key_len(enum sluice_cipher cipher)
{
    switch (cipher) {
    case SLUICE_CIPHER_DES:
        return 8;
    case SLUICE_CIPHER_DES3:
    case SLUICE_CIPHER_AES192:
        return 24;
    case SLUICE_CIPHER_AES128:
        return 16;
    case SLUICE_CIPHER_AES256:
        return 32;
    case SLUICE_CIPHER_NULL:
    default:
        return 0;
    }
}

unsigned sluice_cipher_block(enum sluice_cipher cipher)
{
    switch (cipher) {
    case SLUICE_CIPHER_AES128:
    case SLUICE_CIPHER_AES192:
    case SLUICE_CIPHER_AES256:
        return 16;
    case SLUICE_CIPHER_DES:
    case SLUICE_CIPHER_DES3:
    case SLUICE_CIPHER_NULL:
    default:
        return 8;
    }
}

unsigned sluice_mac_size(enum sluice_mac mac)
{
    switch (mac) {
    case SLUICE_MAC_MD5:
        return 16;
    case SLUICE_MAC_SHA1:
        return 20;
    case SLUICE_MAC_SHA256:
        return 32;
    case SLUICE_MAC_NONE:
    default:
        return 0;
    }
}

const char *sluice_status_name(enum sluice_status status)
{
    static const char *const names[] = {
        [SLUICE_STATUS_OK] = "ok",
        [SLUICE_STATUS_BAD_LENGTH] = "bad length",
        [SLUICE_STATUS_BAD_FORMAT] = "bad format",
        [SLUICE_STATUS_FORGED_NONCE] = "forged nonce",
        [SLUICE_STATUS_AUTH_FAILED] = "authentication failed",
        [SLUICE_STATUS_REPLAYED] = "replayed",
        [SLUICE_STATUS_NO_SUCH_SA] = "no such SA",
        [SLUICE_STATUS_SA_MISMATCH] = "SA wrong direction or generation",
        [SLUICE_STATUS_COUNTER_EXHAUSTED] = "counter exhausted",
        [SLUICE_STATUS_DMA_ERROR] = "DMA error",
        [SLUICE_STATUS_HARDWARE_FAULT] = "hardware fault",
        [SLUICE_STATUS_OUTPUT_TOO_SMALL] = "output too small",
        [SLUICE_STATUS_UNSUPPORTED] = "unsupported",
        [SLUICE_STATUS_NOT_READY] = "card not ready",
        [SLUICE_STATUS_INVALID_FIELD] = "invalid field",
        [SLUICE_STATUS_ABORTED] = "aborted",
    };

    return (unsigned)status < sizeof names / sizeof *names ? names[status] : "unknown status";
}

const char *sluice_fw_state_name(enum sluice_fw_state state)
{
    static const char *const names[] = {
        [SLUICE_FW_STATE_BOOT] = "boot",   [SLUICE_FW_STATE_MARCH] = "march",   [SLUICE_FW_STATE_SELF_TEST] = "self_test",
        [SLUICE_FW_STATE_READY] = "ready", [SLUICE_FW_STATE_FAILED] = "failed", [SLUICE_FW_STATE_HUNG] = "hung",
    };

    return (unsigned)state < sizeof names / sizeof *names ? names[state] : "unknown";
}

const char *sluice_log_event_name(enum sluice_log_event event)
{
    static const char *const names[] = {
        [SLUICE_LOG_EVENT_BOOT] = "boot",
        [SLUICE_LOG_EVENT_READY] = "ready",
        [SLUICE_LOG_EVENT_MARCH_FAILED] = "march_failed",
        [SLUICE_LOG_EVENT_SELF_TEST] = "self_test",
        [SLUICE_LOG_EVENT_LANE_FAILED] = "lane_failed",
        [SLUICE_LOG_EVENT_ENTROPY_SEEDED] = "entropy_seeded",
        [SLUICE_LOG_EVENT_ENTROPY_FAILED] = "entropy_failed",
        [SLUICE_LOG_EVENT_ZEROISED] = "zeroised",
        [SLUICE_LOG_EVENT_SA_FAULT] = "sa_fault",
        [SLUICE_LOG_EVENT_IMPORT_REFUSED] = "import_refused",
        [SLUICE_LOG_EVENT_EXHAUSTED] = "exhausted",
        [SLUICE_LOG_EVENT_COMMAND_FAILED] = "command_failed",
        [SLUICE_LOG_EVENT_TRAP] = "trap",
    };

    return (unsigned)event < sizeof names / sizeof *names && names[event] ? names[event] : "unknown";
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The few names of PKCS #11 (OASIS, version 2.40) that test_pkcs11.c needs, with the standard's
 * values. Include after <dlfcn.h>. */
#ifndef SVMS_TEST_PKCS11_SUBSET_H
#define SVMS_TEST_PKCS11_SUBSET_H

typedef unsigned char ck_byte;
typedef unsigned long ck_ulong;

#define CKR_OK 0x00000000ul
#define CKF_RW_SESSION 0x00000002ul
#define CKF_SERIAL_SESSION 0x00000004ul
#define CKF_OS_LOCKING_OK 0x00000002ul
#define CKU_USER 1ul

#define CKO_PUBLIC_KEY 0x00000002ul
#define CKO_PRIVATE_KEY 0x00000003ul
#define CKO_SECRET_KEY 0x00000004ul
#define CKK_EC 0x00000003ul
#define CKK_GENERIC_SECRET 0x00000010ul
#define CKK_AES 0x0000001Ful

#define CKA_CLASS 0x00000000ul
#define CKA_TOKEN 0x00000001ul
#define CKA_PRIVATE 0x00000002ul
#define CKA_VALUE 0x00000011ul
#define CKA_KEY_TYPE 0x00000100ul
#define CKA_SENSITIVE 0x00000103ul
#define CKA_WRAP 0x00000106ul
#define CKA_UNWRAP 0x00000107ul
#define CKA_SIGN 0x00000108ul
#define CKA_DERIVE 0x0000010Cul
#define CKA_VALUE_LEN 0x00000161ul
#define CKA_EXTRACTABLE 0x00000162ul
#define CKA_EC_PARAMS 0x00000180ul
#define CKA_EC_POINT 0x00000181ul

#define CKM_EC_KEY_PAIR_GEN 0x00001040ul
#define CKM_ECDSA 0x00001041ul
#define CKM_ECDH1_DERIVE 0x00001050ul
#define CKM_AES_KEY_GEN 0x00001080ul
#define CKM_AES_KEY_WRAP 0x00002109ul
#define CKD_NULL 1ul

typedef struct ck_attribute {
    ck_ulong type;
    void *value;
    ck_ulong size;
} ck_attribute;

typedef struct ck_mechanism {
    ck_ulong mechanism;
    void *parameter;
    ck_ulong parameter_size;
} ck_mechanism;

typedef struct ck_initialize_args {
    void *create_mutex;
    void *destroy_mutex;
    void *lock_mutex;
    void *unlock_mutex;
    ck_ulong flags;
    void *reserved;
} ck_initialize_args;

typedef struct ck_ecdh1_derive_params {
    ck_ulong kdf;
    ck_ulong shared_data_size;
    ck_byte *shared_data;
    ck_ulong public_data_size;
    ck_byte *public_data;
} ck_ecdh1_derive_params;

typedef struct ck_functions {
    ck_ulong (*initialize)(void *args);
    ck_ulong (*finalize)(void *reserved);
    ck_ulong (*get_slot_list)(ck_byte present, ck_ulong *slots, ck_ulong *count);
    ck_ulong (*open_session)(ck_ulong slot, ck_ulong flags, void *application, void *notify,
                             ck_ulong *session);
    ck_ulong (*close_session)(ck_ulong session);
    ck_ulong (*login)(ck_ulong session, ck_ulong user, const ck_byte *pin, ck_ulong size);
    ck_ulong (*create_object)(ck_ulong session, const ck_attribute *template, ck_ulong count,
                              ck_ulong *object);
    ck_ulong (*destroy_object)(ck_ulong session, ck_ulong object);
    ck_ulong (*get_attribute_value)(ck_ulong session, ck_ulong object, ck_attribute *template,
                                    ck_ulong count);
    ck_ulong (*generate_key)(ck_ulong session, const ck_mechanism *mechanism,
                             const ck_attribute *template, ck_ulong count, ck_ulong *key);
    ck_ulong (*generate_key_pair)(ck_ulong session, const ck_mechanism *mechanism,
                                  const ck_attribute *public_template, ck_ulong public_count,
                                  const ck_attribute *private_template, ck_ulong private_count,
                                  ck_ulong *public_key, ck_ulong *private_key);
    ck_ulong (*sign_init)(ck_ulong session, const ck_mechanism *mechanism, ck_ulong key);
    ck_ulong (*sign)(ck_ulong session, const ck_byte *data, ck_ulong size, ck_byte *signature,
                     ck_ulong *signature_size);
    ck_ulong (*derive_key)(ck_ulong session, const ck_mechanism *mechanism, ck_ulong base,
                           const ck_attribute *template, ck_ulong count, ck_ulong *key);
    ck_ulong (*wrap_key)(ck_ulong session, const ck_mechanism *mechanism, ck_ulong wrapping,
                         ck_ulong key, ck_byte *wrapped, ck_ulong *size);
    ck_ulong (*unwrap_key)(ck_ulong session, const ck_mechanism *mechanism, ck_ulong unwrapping,
                           const ck_byte *wrapped, ck_ulong size, const ck_attribute *template,
                           ck_ulong count, ck_ulong *key);
} ck_functions;

/* POSIX's way to get a function out of dlsym. False when one is missing. */
static inline bool ck_load(ck_functions *out, void *library)
{
    const struct {
        const char *name;
        void *place;
    } wanted[] = {
        { "C_Initialize", &out->initialize },
        { "C_Finalize", &out->finalize },
        { "C_GetSlotList", &out->get_slot_list },
        { "C_OpenSession", &out->open_session },
        { "C_CloseSession", &out->close_session },
        { "C_Login", &out->login },
        { "C_CreateObject", &out->create_object },
        { "C_DestroyObject", &out->destroy_object },
        { "C_GetAttributeValue", &out->get_attribute_value },
        { "C_GenerateKey", &out->generate_key },
        { "C_GenerateKeyPair", &out->generate_key_pair },
        { "C_SignInit", &out->sign_init },
        { "C_Sign", &out->sign },
        { "C_DeriveKey", &out->derive_key },
        { "C_WrapKey", &out->wrap_key },
        { "C_UnwrapKey", &out->unwrap_key },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        void *found = dlsym(library, wanted[i].name);
        if (!found) {
            return false;
        }
        memcpy(wanted[i].place, &found, sizeof found);
    }
    return true;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* CA, exporter and key of the vectors (tests/vectors/data), which are the corpus. Public, and for
 * tests only. */
#ifndef SVMS_FUZZ_ONVIF_KEYS_H
#define SVMS_FUZZ_ONVIF_KEYS_H

#include <stdbool.h>

static const char fuzz_ca[] = "-----BEGIN CERTIFICATE-----\n"
                              "MIIBkjCCATegAwIBAgIUC2Sh0b95McD/XMEmSmNYu0hzTwIwCgYIKoZIzj0EAwIw\n"
                              "FTETMBEGA1UEAwwKVmVjdG9ycyBDQTAgFw0yMDAxMDEwMDAwMDBaGA8yMTE5MTIz\n"
                              "MTAwMDAwMFowFTETMBEGA1UEAwwKVmVjdG9ycyBDQTBZMBMGByqGSM49AgEGCCqG\n"
                              "SM49AwEHA0IABJBzNuAPwgkzqNtpxxWs0ZX+uA2/UPjzd0KQoY8POf09bK2138Vt\n"
                              "2G3Ork3VWe2ETSnl395I7q1sPMNZgs7oeSSjYzBhMA8GA1UdEwEB/wQFMAMBAf8w\n"
                              "DgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQY2qtUicMyJoyptWKhxm41PT/KUDAf\n"
                              "BgNVHSMEGDAWgBQY2qtUicMyJoyptWKhxm41PT/KUDAKBggqhkjOPQQDAgNJADBG\n"
                              "AiEA5Bdl1F1NFuRXqVcLxgTOP+OPzO84Zaiez6V1Hdp87hkCIQCZCAFxyAwSTghR\n"
                              "CoxJNPvcCm8sxRixUYxIXziQp0JG+Q==\n"
                              "-----END CERTIFICATE-----\n";

static const char fuzz_exporter[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBtTCCAVugAwIBAgIUCBn1JfD5WoSSJ3cKioXZz9gQhV8wCgYIKoZIzj0EAwIw\n"
    "FTETMBEGA1UEAwwKVmVjdG9ycyBDQTAgFw0yMDAxMDEwMDAwMDBaGA8yMTE5MTIz\n"
    "MTAwMDAwMFowGDEWMBQGA1UEAwwNZXhwb3J0ZXItcDI1NjBZMBMGByqGSM49AgEG\n"
    "CCqGSM49AwEHA0IABKOiHPH23mfPJwYBK+IOarbAZeecvJl/HALXCVPTYVR9HpTM\n"
    "hwZbmMpmQ2HoCnm3gswDl71d2rVBgtqRnahKC3ejgYMwgYAwDAYDVR0TAQH/BAIw\n"
    "ADAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0OBBYEFBVUaAsYj5sSCyjb5UqGq6jP5hx3\n"
    "MB8GA1UdIwQYMBaAFBjaq1SJwzImjKm1YqHGbjU9P8pQMCAGA1UdJQQZMBcGFWmB\n"
    "x4324vaFupyPgNvpgKb4/uVhAzAKBggqhkjOPQQDAgNIADBFAiEA+OxL04hOlDzG\n"
    "SPrJu8MEPGmPGNhU2e/IdIIgIF/mfm0CIELcX93y2/Ua1I6R5iqBDiWUjqvAm7Su\n"
    "xtR2Grqrezzl\n"
    "-----END CERTIFICATE-----\n";

static const char fuzz_key[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4NDBaassQhovTfoE\n"
                               "kNr1++MEaobVGBAIU3DaEyXc08ahRANCAASjohzx9t5nzycGASviDmq2wGXnnLyZ\n"
                               "fxwC1wlT02FUfR6UzIcGW5jKZkNh6Ap5t4LMA5e9Xdq1QYLakZ2oSgt3\n"
                               "-----END PRIVATE KEY-----\n";

#endif

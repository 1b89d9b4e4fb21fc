// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"strings"
)

const cosignatureType = 4

func keyID(name string, public []byte) []byte {
	hash := sha256.Sum256(append([]byte(name+"\n"), append([]byte{cosignatureType}, public...)...))
	return hash[:4]
}

// The text of a note, with its last line end, and its signature lines.
func part(name string) (string, []string) {
	data, err := os.ReadFile(name)
	must(err)
	at := bytes.LastIndex(data, []byte("\n\n"))
	if at < 0 {
		log.Fatalf("%s is no note", name)
	}
	return string(data[:at+1]), strings.Split(strings.TrimSuffix(string(data[at+2:]), "\n"), "\n")
}

func cosigned(text string, at uint64) []byte {
	return []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text))
}

// Prints the verifier key and the signature line.
func cosign(name, seed, witness string, at int64) {
	text, _ := part(name)
	hash := sha256.Sum256([]byte(seed))
	private := ed25519.NewKeyFromSeed(hash[:])
	public := private.Public().(ed25519.PublicKey)
	id := keyID(witness, public)
	blob := append([]byte{}, id...)
	blob = binary.BigEndian.AppendUint64(blob, uint64(at))
	blob = append(blob, ed25519.Sign(private, cosigned(text, uint64(at)))...)
	fmt.Printf("%s+%s+%s\n", witness, hex.EncodeToString(id),
		base64.StdEncoding.EncodeToString(append([]byte{cosignatureType}, public...)))
	fmt.Printf("\u2014 %s %s\n", witness, base64.StdEncoding.EncodeToString(blob))
}

func checkCosignature(name, key string) {
	text, lines := part(name)
	parts := strings.SplitN(key, "+", 3)
	if len(parts) != 3 {
		log.Fatalf("%q is no verifier key", key)
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	if len(material) != 1+ed25519.PublicKeySize || material[0] != cosignatureType ||
		hex.EncodeToString(keyID(parts[0], material[1:])) != parts[1] {
		log.Fatalf("%q is no key of a witness", key)
	}
	for _, line := range lines {
		fields := strings.Split(line, " ")
		if len(fields) != 3 || fields[0] != "\u2014" || fields[1] != parts[0] {
			continue
		}
		blob, err := base64.StdEncoding.DecodeString(fields[2])
		must(err)
		if hex.EncodeToString(blob[:4]) != parts[1] {
			continue
		}
		at := binary.BigEndian.Uint64(blob[4:12])
		if !ed25519.Verify(material[1:], cosigned(text, at), blob[12:]) {
			log.Fatal("the cosignature does not verify")
		}
		return
	}
	log.Fatal("the witness has not cosigned")
}

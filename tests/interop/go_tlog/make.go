// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const madeOrigin = "go.example/log"

type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, s[i])
	}
	return out, nil
}

func write(folder, name string, data []byte) {
	path := filepath.Join(folder, name)
	must(os.MkdirAll(filepath.Dir(path), 0o700))
	must(os.WriteFile(path, data, 0o600))
}

func text(hashes []tlog.Hash) string {
	var out strings.Builder
	for _, hash := range hashes {
		out.WriteString(base64.StdEncoding.EncodeToString(hash[:]) + "\n")
	}
	return out.String()
}

func signTree(signer note.Signer, size int64, hashes stored) string {
	root, err := tlog.TreeHash(size, hashes)
	must(err)
	body := fmt.Sprintf("%s\n%d\n%s", madeOrigin, size, text([]tlog.Hash{root}))
	message, err := note.Sign(&note.Note{Text: body}, signer)
	must(err)
	return string(message)
}

// A log as C2SP says; proofs of records (tlog-proof), and of growth as witnesses are asked.
func makeLog(folder string, count int64) {
	secret, key, err := note.GenerateKey(rand.Reader, madeOrigin)
	must(err)
	signer, err := note.NewSigner(secret)
	must(err)
	var hashes stored
	var records []string
	for i := int64(0); i < count; i++ {
		records = append(records, fmt.Sprintf("record %d of Go", i))
		more, err := tlog.StoredHashes(i, []byte(records[i]), hashes)
		must(err)
		hashes = append(hashes, more...)
	}
	checkpoint := signTree(signer, count, hashes)
	write(folder, "key", []byte(key+"\n"))
	write(folder, "checkpoint", []byte(checkpoint))
	for i := int64(0); i < count; i++ {
		proof, err := tlog.ProveRecord(count, i, hashes)
		must(err)
		write(folder, fmt.Sprintf("records/%d", i), []byte("c2sp.org/tlog-proof@v1\nextra "+
			base64.StdEncoding.EncodeToString([]byte(records[i]))+
			fmt.Sprintf("\nindex %d\n", i)+text(proof)+"\n"+checkpoint))
	}
	for from, number := int64(0), 0; from < count; number++ {
		to := from + 1 + from/3
		if to > count {
			to = count
		}
		var proof tlog.TreeProof
		if from > 0 {
			proof, err = tlog.ProveTree(to, from, hashes)
			must(err)
		}
		write(folder, fmt.Sprintf("growth/%03d", number),
			[]byte(fmt.Sprintf("old %d\n", from)+text(proof)+"\n"+signTree(signer, to, hashes)))
		from = to
	}
	for _, tile := range tlog.NewTiles(8, 0, count) {
		data, err := tlog.ReadTileData(tile, hashes)
		must(err)
		write(folder, tilePath(tile), data)
	}
}

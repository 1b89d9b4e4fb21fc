// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func read(folder, name string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, name))
	must(err)
	return data
}

// Where a tile lies: as in C2SP tlog-tiles, without the height.
func tilePath(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
}

type tiles struct{ folder string }

func (r tiles) Height() int { return 8 }

func (r tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(r.folder, tilePath(tile)))
		if os.IsNotExist(err) {
			full := tile
			full.W = 256
			data, err = os.ReadFile(filepath.Join(r.folder, tilePath(full)))
		}
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*32 {
			return nil, fmt.Errorf("%s is short", tile.Path())
		}
		out = append(out, data[:tile.W*32])
	}
	return out, nil
}

func (r tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func verifier(key string) note.Verifier {
	v, err := note.NewVerifier(key)
	must(err)
	return v
}

func openBy(message []byte, by ...note.Verifier) *note.Note {
	n, err := note.Open(message, note.VerifierList(by...))
	must(err)
	if len(n.Sigs) != len(by) {
		log.Fatalf("%d signatures instead of %d", len(n.Sigs), len(by))
	}
	return n
}

func parseHash(line string) tlog.Hash {
	data, err := base64.StdEncoding.DecodeString(line)
	must(err)
	if len(data) != tlog.HashSize {
		log.Fatalf("%q is no hash", line)
	}
	var out tlog.Hash
	copy(out[:], data)
	return out
}

func parseTree(text, origin string) tlog.Tree {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != origin {
		log.Fatalf("%q is no checkpoint of %s", text, origin)
	}
	return tlog.Tree{N: number(lines[1]), Hash: parseHash(lines[2])}
}

type handover struct {
	at  tlog.Tree
	key string
}

// The handovers, each signed by the key before and by its own (A-EPO-1).
func readEpochs(folder, origin, first string) []handover {
	out := []handover{{key: first}}
	data, err := os.ReadFile(filepath.Join(folder, "epochs"))
	if os.IsNotExist(err) {
		return out
	}
	must(err)
	for i, part := range strings.Split(string(data), "\n--\n") {
		if !strings.HasSuffix(part, "\n") {
			part += "\n"
		}
		lines := strings.Split(part, "\n")
		if len(lines) < 7 || lines[0] != "svms audit epoch" || lines[1] != origin ||
			number(lines[2]) != int64(i+1) {
			log.Fatalf("%q is no handover to epoch %d", part, i+1)
		}
		openBy([]byte(part), verifier(out[i].key), verifier(lines[5]))
		out = append(out, handover{tlog.Tree{N: number(lines[3]), Hash: parseHash(lines[4])}, lines[5]})
	}
	return out
}

func readRecords(folder string, count int64) [][]byte {
	var out [][]byte
	for at := int64(0); at < count; at += 256 {
		width := count - at
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: 0, N: at / 256, W: int(width)}
		data := read(folder, strings.Replace(tilePath(tile), "tile/0/", "tile/entries/", 1))
		for i := int64(0); i < width; i++ {
			size := int(binary.BigEndian.Uint16(data))
			out = append(out, data[2:2+size])
			data = data[2+size:]
		}
		if len(data) != 0 {
			log.Fatal("a bundle goes on behind its records")
		}
	}
	return out
}

func readHashes(lines []string) []tlog.Hash {
	var out []tlog.Hash
	for _, line := range lines {
		out = append(out, parseHash(line))
	}
	return out
}

// Proofs that the library made: "record N" or "tree N", and hashes, in files of their own.
func checkProofs(folder string, tree tlog.Tree, records [][]byte, trees func(int64) tlog.Hash) {
	names, err := filepath.Glob(filepath.Join(folder, "*.proof"))
	must(err)
	kinds := map[string]int{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		must(err)
		lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		var kind string
		var n int64
		_, err = fmt.Sscanf(lines[0], "%s %d", &kind, &n)
		must(err)
		hashes := readHashes(lines[1:])
		kinds[kind]++
		if kind == "record" {
			must(tlog.CheckRecord(hashes, tree.N, tree.Hash, n, tlog.RecordHash(records[n])))
		} else {
			must(tlog.CheckTree(hashes, tree.N, tree.Hash, n, trees(n)))
		}
	}
	if kinds["record"] < 3 || kinds["tree"] < 3 {
		log.Fatalf("too few proofs: %v", kinds)
	}
	fmt.Printf("proofs of %d records and %d trees\n", kinds["record"], kinds["tree"])
}

func verifyLog(folder, key, proofs string) {
	origin := verifier(key).Name()
	epochs := readEpochs(folder, origin, key)
	newest := epochs[len(epochs)-1]
	checkpoint := openBy(read(folder, "checkpoint"), verifier(newest.key))
	tree := parseTree(checkpoint.Text, origin)
	hashes := tlog.TileHashReader(tree, tiles{folder})
	trees := func(n int64) tlog.Hash {
		// RFC 6962 section 2.1; sumdb has no root of an empty tree.
		if n == 0 {
			return sha256.Sum256(nil)
		}
		hash, err := tlog.TreeHash(n, hashes)
		must(err)
		return hash
	}
	for i, epoch := range epochs[1:] {
		if trees(epoch.at.N) != epoch.at.Hash {
			log.Fatalf("the handover to epoch %d is of another tree", i+1)
		}
	}
	records := readRecords(folder, tree.N)
	for i := int64(0); i < tree.N; i++ {
		proof, err := tlog.ProveRecord(tree.N, i, hashes)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(records[i])))
		growth, err := tlog.ProveTree(tree.N, i+1, hashes)
		must(err)
		must(tlog.CheckTree(growth, tree.N, tree.Hash, i+1, trees(i+1)))
	}
	if bytes.Count(read(folder, "log"), []byte(key)) != 1 {
		log.Fatal("the file log has another key")
	}
	checkProofs(proofs, tree, records, trees)
	fmt.Printf("%d records in %d epochs\n", tree.N, len(epochs))
}

// SPDX-License-Identifier: Apache-2.0

// go_tlog is what golang.org/x/mod/sumdb says of our audit logs, and logs that it makes itself.
// Written from docs/spec/audit.md and the texts of C2SP that it names.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
)

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: go_tlog verify|make|cosign|check-cosignature ...")
	}
	arguments := os.Args[2:]
	switch os.Args[1] {
	case "verify": // LOG KEY PROOFS
		verifyLog(arguments[0], arguments[1], arguments[2])
	case "make": // DIR COUNT
		makeLog(arguments[0], number(arguments[1]))
	case "cosign": // NOTE SEED NAME TIME
		cosign(arguments[0], arguments[1], arguments[2], number(arguments[3]))
	case "check-cosignature": // NOTE KEY
		checkCosignature(arguments[0], arguments[1])
	default:
		log.Fatalf("go_tlog does not know %s", os.Args[1])
	}
	fmt.Println("good")
}

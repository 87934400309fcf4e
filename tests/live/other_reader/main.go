// Read a mirror of the log with Go's own transparency log code (golang.org/x/mod/sumdb), which shares
// nothing with ours: the signature of the note, every leaf and several older trees, all from tiles.
//
// usage: main MIRROR VKEY EVENTS.jsonl
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type mirror string

func (m mirror) Height() int                     { return 8 }
func (m mirror) SaveTiles([]tlog.Tile, [][]byte) {}
func (m mirror) ReadTiles(tiles []tlog.Tile) (all [][]byte, err error) {
	for _, t := range tiles {
		name := fmt.Sprintf("%03d", t.N%1000)
		for n := t.N / 1000; n > 0; n /= 1000 {
			name = fmt.Sprintf("x%03d/%s", n%1000, name)
		}
		if t.W != 256 {
			name += fmt.Sprintf(".p/%d", t.W)
		}
		tile, err := os.ReadFile(filepath.Join(string(m), "tile", strconv.Itoa(t.L), name))
		if err != nil {
			return nil, err
		}
		all = append(all, tile)
	}
	return all, nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	folder, vkey, events := os.Args[1], os.Args[2], os.Args[3]
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err)
	verifier, err := note.NewVerifier(vkey)
	must(err)
	signed, err := note.Open(text, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	var root tlog.Hash
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	copy(root[:], raw)

	tiles := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, mirror(folder))
	leaves, err := os.ReadFile(events)
	must(err)
	all := bytes.Split(bytes.TrimSuffix(leaves, []byte("\n")), []byte("\n"))
	if int64(len(all)) != size {
		log.Fatalf("%d events under a head of %d", len(all), size)
	}
	for n, leaf := range all {
		if n%101 != 0 && int64(n) < size-3 {
			continue
		}
		proof, err := tlog.ProveRecord(size, int64(n), tiles)
		must(err)
		must(tlog.CheckRecord(proof, size, root, int64(n), tlog.RecordHash(leaf)))
	}
	for _, old := range []int64{1, 2, 255, 256, 257, size / 2, size} {
		before, err := tlog.TreeHash(old, tiles)
		must(err)
		proof, err := tlog.ProveTree(size, old, tiles)
		must(err)
		must(tlog.CheckTree(proof, size, root, old, before))
	}
	fmt.Printf("%d\n", size)
}

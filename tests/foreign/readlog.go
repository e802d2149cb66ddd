// Reads a log from its published files with the packages behind Go's checksum database, which nobody here wrote.
//
// readlog FOLDER PUBLIC_KEY [OLD_CHECKPOINT]
//
// It verifies the signature of the checkpoint, works out the root from the tiles, proves that the entries of the bundles
// are in the tree, and that the tree grew out of the older checkpoint where one is given. It prints how many entries it saw.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func fail(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// tree is the checkpoint in a signed note.
func tree(path string, verifier note.Verifier) tlog.Tree {
	content, err := os.ReadFile(path)
	fail("checkpoint", err)
	opened, err := note.Open(content, note.VerifierList(verifier))
	fail("signature", err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		fail("checkpoint", fmt.Errorf("not the three lines of %s", verifier.Name()))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	fail("size", err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	fail("root", err)
	var hash tlog.Hash
	if copy(hash[:], root) != tlog.HashSize || len(root) != tlog.HashSize {
		fail("root", fmt.Errorf("%d bytes", len(root)))
	}
	return tlog.Tree{N: size, Hash: hash}
}

// files reads tiles from a folder, where the height is not in the names.
type files struct {
	folder string
	read   map[string][]byte
}

func (f files) Height() int { return height }

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		if f.read[path] == nil {
			content, err := os.ReadFile(filepath.Join(f.folder, filepath.FromSlash(path)))
			if err != nil {
				return nil, err
			}
			f.read[path] = content
		}
		all = append(all, f.read[path])
	}
	return all, nil
}

// entries are those of every bundle, in order.
func entries(folder string, size int64) [][]byte {
	var all [][]byte
	for first := int64(0); first < size; first += 1 << height {
		width := size - first
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: 0, N: first >> height, W: int(width)}
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", height), "tile/entries/", 1)
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		fail("bundle", err)
		for len(content) > 0 {
			length := int(binary.BigEndian.Uint16(content))
			all = append(all, content[2:2+length])
			content = content[2+length:]
		}
	}
	return all
}

func main() {
	folder := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	fail("key", err)
	head := tree(filepath.Join(folder, "checkpoint"), verifier)
	reader := tlog.TileHashReader(head, files{folder, map[string][]byte{}})
	root, err := tlog.TreeHash(head.N, reader)
	fail("tiles", err)
	if root != head.Hash {
		fail("tiles", fmt.Errorf("their root is %v", root))
	}
	seen := entries(folder, head.N)
	if int64(len(seen)) != head.N {
		fail("bundles", fmt.Errorf("%d entries under a checkpoint of %d", len(seen), head.N))
	}
	step := 1 + len(seen)/500 // of a large log some, since each proof reads its tiles anew
	for index := 0; index < len(seen); index += step {
		entry := seen[index]
		proof, err := tlog.ProveRecord(head.N, int64(index), reader)
		fail("proof", err)
		fail(fmt.Sprintf("entry %d", index), tlog.CheckRecord(proof, head.N, head.Hash, int64(index), tlog.RecordHash(entry)))
	}
	if len(os.Args) > 3 {
		old := tree(os.Args[3], verifier)
		proof, err := tlog.ProveTree(head.N, old.N, reader)
		fail("older checkpoint", err)
		fail("older checkpoint", tlog.CheckTree(proof, head.N, head.Hash, old.N, old.Hash))
	}
	fmt.Println(head.N)
}

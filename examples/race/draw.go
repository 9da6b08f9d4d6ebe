package main

import (
	"os"
	"path/filepath"

	"github.com/downhill-go/downhill/landscapes"
)

// draw writes the race from above and its losses over the steps, each as PNG and
// SVG, into the folder out, which it makes. An empty title stands for that of the
// landscape. It returns the names of the files written, also when there is an
// error.
func draw(l landscapes.Landscape, res *landscapes.Result, out, name, title string) ([]string, error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	contours, err := landscapes.Contours(l, res, landscapes.View{Title: title})
	if err != nil {
		return nil, err
	}
	losses, err := landscapes.LossCurves(l, res, landscapes.View{Title: title})
	if err != nil {
		return nil, err
	}
	var files []string
	for _, picture := range []struct {
		*landscapes.Picture
		kind string
	}{{contours, "contours"}, {losses, "losses"}} {
		base := filepath.Join(out, name+"-"+picture.kind)
		if err := picture.Save(base+".png", base+".svg"); err != nil {
			return files, err
		}
		files = append(files, base+".png", base+".svg")
	}
	return files, nil
}

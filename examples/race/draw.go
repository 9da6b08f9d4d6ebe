package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/downhill-go/downhill/landscapes"
)

// started reports whether any optimizer has a finite loss at the start.
func started(res *landscapes.Result) bool {
	return slices.ContainsFunc(res.Runs, func(r landscapes.Run) bool { return len(r.Loss) > 0 })
}

// draw writes the race from above and its losses over the steps, each as PNG and
// SVG, into the folder out, which it makes, and says wrote for each file. An empty
// title stands for that of the landscape.
func draw(l landscapes.Landscape, res *landscapes.Result, out, name, title string, wrote func(file string)) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	contours, err := landscapes.Contours(l, res, landscapes.View{Title: title})
	if err != nil {
		return err
	}
	losses, err := landscapes.LossCurves(l, res, landscapes.View{Title: title})
	if err != nil {
		return err
	}
	for _, picture := range []struct {
		*landscapes.Picture
		kind string
	}{{contours, "contours"}, {losses, "losses"}} {
		for _, format := range []string{"png", "svg"} {
			file := filepath.Join(out, name+"-"+picture.kind+"."+format)
			if err := picture.Save(file); err != nil {
				return err
			}
			wrote(file)
		}
	}
	return nil
}

package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Losses and slopes of some cases are those of PyTorch 2.15.0 by torch_peer.py.
func TestCases(t *testing.T) {
	opened := map[string]*workload{}
	for name, want := range map[string][2]float64{
		"rosenbrock-2":      {24.199999999999996, 92.76336911115793},
		"mlp-tiny":          {0.3310302495956421, 0.26048563027966437},
		"mlp-small":         {2.322620153427124, 0.1496589823726191},
		"attention":         {0.0468602254986763, 0.00043750417941870495},
		"softmax-128x10":    {2.948732376098633, 0.002659245717048421},
		"layernorm-128x256": {23.501176834106445, -3.2762610286629803},
	} {
		words := strings.Fields(answer([]string{"open", "1", name, "sequential"}, opened))
		require.Len(t, words, 3, name)
		require.Equal(t, "ok", words[0])
		for i, w := range want {
			v, err := strconv.ParseFloat(words[1+i], 64)
			require.NoError(t, err)
			require.InEpsilon(t, w, v, 1e-3, name)
		}
		require.Regexp(t, `^ok \d`, answer([]string{"time", "1", "1"}, opened))
		require.Equal(t, "ok", answer([]string{"close", "1"}, opened))
	}
	require.Empty(t, opened)
	require.Equal(t, "absent", answer([]string{"open", "1", "conv", "default"}, opened))
	require.Equal(t, "error what is stop", answer([]string{"stop"}, opened))
}

package autodiff

// Eval makes a program for inference: [Dropout] and [DropoutChannels] leave their
// input as it is, in the gradients too, and their random numbers are not drawn. All
// else is as without it; where training takes the statistics of the batch, inference
// is another expression, as [BatchNormWith] is of [BatchNorm]. It is like
// torch.nn.Module.eval for dropout.
func Eval() Option { return func(o *options) { o.eval = true } }

// Seed makes all random numbers of a program depend on seed, besides the seed that each
// random node has: programs of one seed draw the same numbers, those of others do not.
// A seed of 0 counts as none. It is like torch.manual_seed before a run.
func Seed(seed uint64) Option { return func(o *options) { o.seed = seed } }

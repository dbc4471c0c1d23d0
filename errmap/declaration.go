package errmap

type declaration struct{}

func (*declaration) encode(err error, verbose bool) *draft { return nil }
func (r Rule) checkTagged(string) []error                  { return nil }

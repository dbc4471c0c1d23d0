package framework

import "github.com/sluice-go/sluice/internal/tag"

// checkStage says what is wrong with the stage of a tag; false where something is.
func (r *fieldReader) checkStage(f fieldValue, i tag.Item) bool {
	stage := Stage(i.Value)
	_, ok := stage.rank(r.side)
	switch {
	case ok || r.anySide && stage.known():
		return true
	case stage.known():
		r.errorf(f, i.At(0), "stage %q is not on a %s%s", stage, r.side, tag.Suggest(i.Value, stageNames(r.side)))
	default:
		r.errorf(f, i.At(0), "unknown stage %q%s", stage, tag.Suggest(i.Value, stageNames(r.side)))
	}
	return false
}

// rank is the rank of a link's stage.
func (r *fieldReader) rank(d *declaration) int {
	rank, _ := d.placement.Stage.rank(r.side)
	return rank
}

// stageAbove is the stage of a link that says none.
func (r *fieldReader) stageAbove() Stage {
	if r.above == nil {
		return StageApp
	}
	return r.above.placement.Stage
}

// outside reports whether the stage of a link is outside of another's. What no stage is is refused elsewhere.
func (r *fieldReader) outside(d, of *declaration) bool {
	rank, ok := d.placement.Stage.rank(r.side)
	other, ok2 := of.placement.Stage.rank(r.side)
	return ok && ok2 && rank < other
}

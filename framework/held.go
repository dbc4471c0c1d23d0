package framework

import (
	"context"
	"slices"

	"google.golang.org/grpc/metadata"
)

// held is metadata in the pieces in which it was set, each with the depth of the link that did.
type held []heldPiece

type heldPiece struct {
	owner int32
	md    metadata.MD
	from  held // what the owner's function made it of; nil where the owner set it
}

// innermost is the owner of what the RPC itself brought.
const innermost = 1 << 30

func whole(md metadata.MD) held { return held{{owner: innermost, md: md.Copy()}} }

func (h *held) add(owner int32, md metadata.MD) {
	*h = append(*h, heldPiece{owner: owner, md: md.Copy()})
}

func (h held) all() (md metadata.MD) {
	for _, piece := range h {
		md = metadata.Join(md, piece.md)
	}
	return md
}

// inside are the pieces that the link of that depth set, and those inside of it.
func (h held) inside(owner int32) held {
	return slices.DeleteFunc(slices.Clone(h), func(p heldPiece) bool { return p.owner < owner })
}

// outside are the pieces that the link of that depth set, and those outside of it.
func (h held) outside(owner int32) held {
	return slices.DeleteFunc(slices.Clone(h), func(p heldPiece) bool { return p.owner > owner })
}

// without is what is left when the link of that depth tries again: what was set inside of it is gone, also where its
// own function has made something of that.
func (h held) without(owner int32) (left held) {
	for _, p := range h {
		switch {
		case p.owner > owner:
		case p.owner == owner && p.from != nil:
			left = append(left, p.from.without(owner)...)
		default:
			left = append(left, p)
		}
	}
	return left
}

// pass passes what was set inside of a link through the functions of that link.
func (h *held) pass(ctx context.Context, hooks []metadataHook) error {
	for _, hook := range slices.Backward(hooks) {
		inside := h.inside(hook.owner)
		md := inside.all()
		if md == nil {
			md = metadata.MD{}
		}
		next, err := hook.f(ctx, md)
		if err != nil {
			return err
		}
		*h = append(h.outside(hook.owner-1), heldPiece{hook.owner, next, append(held{}, inside...)})
	}
	return nil
}

type metadataHook struct {
	owner int32
	f     MetadataFunc
}

func ownedMetadata(hooks []metadataHook, owner int32) (owned []metadataHook) {
	for _, h := range hooks {
		if h.owner == owner {
			owned = append(owned, h)
		}
	}
	return owned
}

package orders

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	pb "github.com/sluice-go/sluice/examples/shop/orderspb"
)

// A Store has all orders. It is safe for concurrent use; the zero Store is not ready, see NewStore.
type Store struct {
	mu      sync.Mutex
	orders  map[key]*pb.Order
	changed map[key]chan struct{} // closed at the next change
}

// key keeps tenants apart.
type key struct{ tenant, id string }

// NewStore makes an empty store.
func NewStore() *Store {
	return &Store{orders: map[key]*pb.Order{}, changed: map[key]chan struct{}{}}
}

func (s *Store) place(tenant string, r *pb.CreateRequest) *pb.Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &pb.Order{
		Id: fmt.Sprintf("order-%d", len(s.orders)+1), Tenant: tenant, Sku: r.GetSku(), Quantity: r.GetQuantity(), State: pb.State_STATE_PLACED,
	}
	k := key{tenant, o.GetId()}
	s.orders[k], s.changed[k] = o, make(chan struct{})
	return clone(o)
}

func (s *Store) get(tenant, id string) (*pb.Order, error) {
	o, _, err := s.watch(tenant, id)
	return o, err
}

// watch gives an order, and what is closed when it changes.
func (s *Store) watch(tenant, id string) (*pb.Order, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{tenant, id}
	o, ok := s.orders[k]
	if !ok {
		return nil, nil, fmt.Errorf("order %q: %w", id, ErrNotFound)
	}
	return clone(o), s.changed[k], nil
}

func (s *Store) change(tenant, id string, to pb.State) (*pb.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{tenant, id}
	o, ok := s.orders[k]
	switch {
	case !ok:
		return nil, fmt.Errorf("order %q: %w", id, ErrNotFound)
	case over(o):
		return nil, fmt.Errorf("order %q: %w", id, ErrOver)
	}
	o.State = to
	close(s.changed[k])
	s.changed[k] = make(chan struct{})
	return clone(o), nil
}

// clone keeps what callers have apart from what the store has.
func clone(o *pb.Order) *pb.Order { return proto.CloneOf(o) }

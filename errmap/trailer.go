package errmap

import (
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// pushback is the trailer by which a server tells grpc's own retries to wait, or to stop.
const pushback = "grpc-retry-pushback-ms"

// trail makes the trailers ready. What can not be sent is left out, so that nothing breaks the rest.
func (w *walk) trail() {
	if len(w.trailer) > 0 {
		w.trailer = w.sendableTrailer()
	}
	if !w.mapper.config.Pushback || w.trailer[pushback] != nil {
		return
	}
	if wait := w.wait(); wait != "" {
		w.trailer = metadata.Join(w.trailer, metadata.MD{pushback: {wait}})
	}
}

// wait is the value of the trailer.
func (w *walk) wait() string {
	if w.never {
		return "-1"
	}
	details := w.details()
	if retry, ok := find[*errdetails.RetryInfo](details); ok && retry.GetRetryDelay().IsValid() {
		return strconv.FormatInt(retry.GetRetryDelay().AsDuration().Milliseconds(), 10)
	}
	return ""
}

// details are what is to be sent.
func (d *decision) details() []proto.Message {
	if d.draft != nil {
		return d.draft.details
	}
	return draftOf(d.status).details
}

func (w *walk) sendableTrailer() metadata.MD {
	sent, size := metadata.MD{}, 0
	for k, values := range w.trailer {
		if k = strings.ToLower(k); !sendableKey(k) && k != pushback {
			w.out.Dropped = append(w.out.Dropped, "trailer "+strconv.Quote(k))
			continue
		}
		for _, v := range values {
			if strings.HasSuffix(k, "-bin") || !strings.ContainsFunc(v, unprintable) {
				sent[k] = append(sent[k], v)
				size += len(k) + len(v)*4/3 + perHeader
			}
		}
	}
	if size > maxTrailer {
		w.out.Dropped = append(w.out.Dropped, "trailers")
		return nil
	}
	return sent
}

// sendableKey follows the specification of gRPC over HTTP/2: a custom metadata key.
func sendableKey(k string) bool {
	return k != "" && !strings.HasPrefix(k, "grpc-") && !strings.ContainsFunc(k, func(r rune) bool {
		return !strings.ContainsRune("_-.", r) && !('a' <= r && r <= 'z') && !('0' <= r && r <= '9')
	})
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	timeout  = 3 * time.Second
	maxBytes = 1 << 20
	// For how long a failure lets the last answer be used before the service is asked again.
	retryAfter = 5 * time.Second
	// An answer that nobody could confirm for so long is used no more.
	maxStale = 24 * time.Hour
)

// Executor is what the service says about a type, as far as a Job needs it.
type Executor struct {
	// Image goes into the container as it is.
	Image string `json:"image"`
	// Live is there only where the service reads a cluster's nodes: how to pull, and where the image is.
	Live struct {
		PullPolicy string   `json:"pullPolicy"`
		Nodes      []string `json:"nodes"`
	} `json:"live"`
}

// problem is an error of the service, see RFC 9457.
type problem struct {
	Code       string   `json:"code"`
	Title      string   `json:"title"`
	Detail     string   `json:"detail"`
	NearMisses []string `json:"nearMisses"`
	Incomplete []string `json:"incomplete"`
}

// refusal is an answer that asking again does not change.
type refusal struct{ error }

// known is the last answer about a type.
type known struct {
	executor    Executor
	etag        string
	confirmedAt time.Time
	askAgainAt  time.Time
}

// Registry asks the registry service, and remembers what it said. It is not for use by several goroutines.
type Registry struct {
	urls      []string
	tokenFile string
	ttl       time.Duration
	client    *http.Client
	known     map[string]known
}

// NewRegistry makes one that asks the URLs in turn. Without a token file it asks without a token.
func NewRegistry(urls []string, tokenFile string, ttl time.Duration) *Registry {
	// The token goes to the configured addresses and to no other.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Registry{urls: urls, tokenFile: tokenFile, ttl: ttl, client: client, known: map[string]known{}}
}

// Resolve finds the executor of a type. Where the service does not answer, it is the last one that is known.
func (r *Registry) Resolve(ctx context.Context, executorType string) (Executor, error) {
	last, found := r.known[executorType]
	if found && time.Now().Before(last.askAgainAt) {
		return last.executor, nil
	}
	answer, err := r.askAll(ctx, executorType, last)
	if err == nil {
		r.known[executorType] = answer
		return answer.executor, nil
	}
	if errors.As(err, new(refusal)) {
		// The service knows that there is none: what was known is over.
		delete(r.known, executorType)
		return Executor{}, err
	}
	age := time.Since(last.confirmedAt)
	if !found || age > maxStale {
		return Executor{}, fmt.Errorf("%s: %w", executorType, err)
	}
	fmt.Fprintf(os.Stderr, "warning: %s: an answer of %.0f s ago is used: %v\n", executorType, age.Seconds(), err)
	last.askAgainAt = time.Now().Add(min(r.ttl, retryAfter))
	r.known[executorType] = last
	return last.executor, nil
}

func (r *Registry) askAll(ctx context.Context, executorType string, last known) (known, error) {
	var failures []string
	for _, base := range r.urls {
		answer, err := r.ask(ctx, base, executorType, last)
		if err == nil || errors.As(err, new(refusal)) {
			return answer, err
		}
		failures = append(failures, err.Error())
	}
	return known{}, errors.New(strings.Join(failures, "; "))
}

func (r *Registry) ask(ctx context.Context, base, executorType string, last known) (known, error) {
	// It covers the body too.
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	address := strings.TrimRight(base, "/") + "/executors/" + url.PathEscape(executorType)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return known{}, err
	}
	request.Header.Set("Accept", "application/json")
	if last.etag != "" {
		request.Header.Set("If-None-Match", last.etag)
	}
	if r.tokenFile != "" {
		token, err := os.ReadFile(r.tokenFile)
		if err != nil {
			return known{}, fmt.Errorf("the token cannot be read: %w", err)
		}
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	response, err := r.client.Do(request)
	if err != nil {
		return known{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBytes+1))
	if err != nil {
		return known{}, fmt.Errorf("%s: %w", address, err)
	}
	if len(body) > maxBytes {
		return known{}, fmt.Errorf("%s answers with more than %d bytes", address, maxBytes)
	}
	now := time.Now()
	answer := known{etag: response.Header.Get("ETag"), confirmedAt: now, askAgainAt: now.Add(r.ttl)}
	switch response.StatusCode {
	case http.StatusNotModified:
		if last.etag == "" {
			return known{}, fmt.Errorf("%s answers 304, but was not asked for a change", base)
		}
		answer.executor, answer.etag = last.executor, last.etag
		return answer, nil
	case http.StatusOK:
		if err := json.Unmarshal(body, &answer.executor); err != nil || answer.executor.Image == "" {
			return known{}, fmt.Errorf("%s answers 200 without an image", base)
		}
		return answer, nil
	}
	return known{}, failure(base, executorType, response.StatusCode, body)
}

// failure says what an answer without an executor means.
func failure(base, executorType string, status int, body []byte) error {
	var problem problem
	if err := json.Unmarshal(body, &problem); err != nil {
		return fmt.Errorf("%s answers %d without JSON", base, status)
	}
	detail := problem.Detail
	if detail == "" {
		detail = fmt.Sprintf("status %d %s", status, problem.Title)
	}
	switch {
	// With `incomplete`, the service has not looked everywhere yet: the type may exist.
	case status == http.StatusNotFound && problem.Code == "unknown-type" && len(problem.Incomplete) == 0:
		hint := ""
		if len(problem.NearMisses) > 0 {
			hint = "; did you mean " + strings.Join(problem.NearMisses, " or ") + "?"
		}
		return refusal{fmt.Errorf("there is no executor type %s%s", executorType, hint)}
	case status == http.StatusBadRequest || status == http.StatusForbidden:
		return refusal{fmt.Errorf("%s: %s: %s", executorType, base, detail)}
	}
	return fmt.Errorf("%s: %s", base, detail)
}

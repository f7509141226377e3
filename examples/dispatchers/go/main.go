// A dispatcher over plain HTTP: reads `TYPE [ARGUMENT…]` lines, and prints the Job of each as one line of JSON.
//
//	echo 'ml --epochs 3' | go run . | kubectl create -f -
//
//	EXECUTOR_REGISTRY_URL         the registry service; several with commas are asked in turn
//	EXECUTOR_REGISTRY_TOKEN_FILE  holds a bearer token; read again for each request, since Kubernetes replaces it
//	EXECUTOR_REGISTRY_TTL         seconds for which an answer is used without asking (default: 30)
//
// Only Go's own library is needed.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	urls := strings.FieldsFunc(os.Getenv("EXECUTOR_REGISTRY_URL"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(urls) == 0 {
		return fmt.Errorf("set EXECUTOR_REGISTRY_URL")
	}
	ttl := 30.0
	if text, ok := os.LookupEnv("EXECUTOR_REGISTRY_TTL"); ok {
		var err error
		if ttl, err = strconv.ParseFloat(text, 64); err != nil {
			return fmt.Errorf("EXECUTOR_REGISTRY_TTL: %w", err)
		}
	}
	tokenFile := os.Getenv("EXECUTOR_REGISTRY_TOKEN_FILE")
	registry := NewRegistry(urls, tokenFile, time.Duration(ttl*float64(time.Second)))
	jobs := json.NewEncoder(os.Stdout)
	failed := 0
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		executor, err := registry.Resolve(context.Background(), words[0])
		if err != nil {
			failed++
			fmt.Fprintln(os.Stderr, "error:", err)
			continue
		}
		if err := jobs.Encode(job(words[0], executor, words[1:])); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d requests could not be carried out", failed)
	}
	return nil
}

type object = map[string]any

// job makes a Job that namespaces with restricted pods admit.
func job(executorType string, executor Executor, args []string) object {
	container := object{
		"name":  "executor",
		"image": executor.Image,
		"args":  args,
		"securityContext": object{
			"allowPrivilegeEscalation": false,
			"capabilities":             object{"drop": []string{"ALL"}},
		},
	}
	pod := object{
		"restartPolicy":                "Never",
		"automountServiceAccountToken": false,
		"securityContext":              object{"runAsNonRoot": true, "seccompProfile": object{"type": "RuntimeDefault"}},
		"containers":                   []object{container},
	}
	if executor.Live.PullPolicy != "" {
		container["imagePullPolicy"] = executor.Live.PullPolicy
	}
	if nodes := executor.Live.Nodes; len(nodes) > 0 {
		onNodes := object{"key": "kubernetes.io/hostname", "operator": "In", "values": nodes}
		terms := []object{{"matchExpressions": []object{onNodes}}}
		pod["affinity"] = object{"nodeAffinity": object{
			"requiredDuringSchedulingIgnoredDuringExecution": object{"nodeSelectorTerms": terms},
		}}
	}
	labels := object{"executor-registry.dev/type": executorType}
	return object{
		"apiVersion": "batch/v1",
		"kind":       "Job",
		"metadata":   object{"generateName": "executor-" + executorType + "-", "labels": labels},
		"spec": object{
			"backoffLimit":            0,
			"ttlSecondsAfterFinished": 3600,
			"template":                object{"metadata": object{"labels": labels}, "spec": pod},
		},
	}
}

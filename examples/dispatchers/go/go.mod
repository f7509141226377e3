module executor-registry.dev/examples/dispatcher

go 1.22

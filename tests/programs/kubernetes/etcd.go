package main

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

// serveEtcd runs one member in a folder until it is told to stop. Nothing is
// synced to the disk: a test's database need not survive the machine.
func serveEtcd(arguments []string) {
	if len(arguments) != 3 {
		fail("usage: kubernetes etcd FOLDER CLIENT-URL PEER-URL")
	}
	client, peer := parse(arguments[1]), parse(arguments[2])
	settings := embed.NewConfig()
	settings.Dir = arguments[0]
	settings.LogLevel = "error"
	settings.UnsafeNoFsync = true
	settings.ListenClientUrls, settings.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	settings.ListenPeerUrls, settings.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	settings.InitialCluster = settings.InitialClusterFromName(settings.Name)
	server, err := embed.StartEtcd(settings)
	if err != nil {
		fail("etcd: " + err.Error())
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
		server.Close()
	case err := <-server.Err():
		fail("etcd: " + err.Error())
	}
}

func parse(address string) url.URL {
	parsed, err := url.Parse(address)
	if err != nil {
		fail(err.Error())
	}
	return *parsed
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}

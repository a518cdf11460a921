# SPDX-License-Identifier: GPL-2.0
# mmsim's front door. What the module is made of stands in Kbuild, which the kernel's build reads instead of this file.

.DEFAULT_GOAL := help

# The module is built for the running kernel unless KDIR names another one's build folder.
KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.12
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
KBUILD_VARIABLES := $(foreach v,KUNIT BENCH,$(if $($(v)),$(v)=$($(v))))
DKMS_FILES := Makefile Kbuild dkms.conf COPYING include src kunit
DKMS_SOURCE ?= /usr/src/mmsim-$(VERSION)

.PHONY: help modules load unload demo test check bench style dkms-install dkms-remove clean

help:
	@echo 'mmsim: the memory allocators of Linux once more, as a module, on memory of their own'
	@echo
	@echo '  make demo          boot a stock kernel in QEMU, let mmsim mirror what it allocates, and show both'
	@echo '  make test          the KUnit suites in User Mode Linux; the module on stock 6.12 and 6.1 in QEMU'
	@echo '  make check         every lane: test, and style, own, dkms, kasan, kasan-stock, kcsan, old, bench (scripts/lane.sh runs one)'
	@echo '  make bench         mmsim and the host side by side'
	@echo '  make style         checkpatch, kernel-doc, sparse, shellcheck'
	@echo
	@echo '  make modules       build mmsim.ko here, for the running kernel'
	@echo '  make load          insmod it, PARAMETERS="size=256M ..." (root)'
	@echo '  make unload        rmmod it (root)'
	@echo '  make dkms-install  hand it to DKMS, which builds it for this kernel and each one to come (root); dkms-remove undoes that'
	@echo '  make clean         remove what was built here; the kernels in the cache stay'
	@echo
	@echo 'Variables: KERNEL=6.12|6.1 for demo; KDIR=, KUNIT=1, BENCH=1 for modules; V=1 shows the output of what runs;'
	@echo '           MMSIM_CACHE keeps the kernels (default ~/.cache/mmsim); MMSIM_ACCEL=kvm|tcg for QEMU'

modules:
	@test -e "$(KDIR)/Makefile" || { echo "error: no kernel headers in $(KDIR): apt install linux-headers-$$(uname -r)," \
		"or name a build folder with KDIR="; exit 1; }
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" $(KBUILD_VARIABLES) modules

load: modules
	@test "$$(id -u)" = 0 || { echo 'error: loading a module needs root: sudo make load'; exit 1; }
	insmod mmsim.ko $(PARAMETERS) || { dmesg | grep 'mmsim: ' | tail -n 5; exit 1; }
	@echo 'loaded; look into /sys/kernel/debug/mmsim'

unload:
	@test "$$(id -u)" = 0 || { echo 'error: unloading a module needs root: sudo make unload'; exit 1; }
	rmmod mmsim

demo:
	@scripts/demo.sh $(KERNEL)

test:
	@scripts/lane.sh uml stock-6.12 stock-6.1

check:
	@scripts/lane.sh all

bench style:
	@scripts/lane.sh $@

dkms-install:
	@command -v dkms >/dev/null || { echo 'error: no dkms: apt install dkms'; exit 1; }
	@mkdir -p "$(DKMS_SOURCE)" || { echo 'error: DKMS needs root: sudo make dkms-install'; exit 1; }
	cp -r $(DKMS_FILES) "$(DKMS_SOURCE)/"
	dkms add mmsim/$(VERSION) $(DKMS_OPTIONS)
	dkms build mmsim/$(VERSION) $(DKMS_OPTIONS)
	dkms install mmsim/$(VERSION) $(DKMS_OPTIONS)

dkms-remove:
	dkms remove mmsim/$(VERSION) --all $(DKMS_OPTIONS)
	rm -rf "$(DKMS_SOURCE)"

clean:
	rm -rf out
	find . -path ./.git -prune -o -type f \( -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '*.cmd' -o -name '.*.d' -o -name Module.symvers -o -name modules.order \) -exec rm -f {} +
